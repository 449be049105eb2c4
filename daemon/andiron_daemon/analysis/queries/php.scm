; What PHP is made of.

(function_definition name: (_) @name parameters: (_) @parameters) @function @symbol.function
(method_declaration name: (_) @name parameters: (_) @parameters body: (_)) @function @symbol.method
(method_declaration name: (_) @name) @symbol.method
(arrow_function) @lambda
(anonymous_function) @lambda
(class_declaration name: (_) @name) @symbol.class
(interface_declaration name: (_) @name) @symbol.interface
(trait_declaration name: (_) @name) @symbol.trait
(enum_declaration name: (_) @name) @symbol.enum
(enum_case name: (_) @name) @symbol.constant
(namespace_definition name: (_) @name) @symbol.namespace
(const_declaration (const_element (name) @name) @symbol.constant)
(property_declaration (property_element name: (_) @name) @symbol.field)

(if_statement) @branch @decision
(else_if_clause) @else @decision
(else_clause) @else
(else_clause body: (if_statement) @chained)
(for_statement) @branch @decision
(foreach_statement) @branch @decision
(while_statement) @branch @decision
(do_statement) @branch @decision
(switch_statement) @branch
(case_statement) @decision
(match_expression) @branch
(match_conditional_expression) @decision
(catch_clause) @branch @decision
(conditional_expression) @choice @decision
(binary_expression operator: ["&&" "||" "and" "or"]) @logic @decision
(goto_statement) @jump
(continue_statement (integer)) @jump
(break_statement (integer)) @jump
(function_call_expression function: (name) @call)
(member_call_expression object: (variable_name) @receiver name: (name) @call)

; Not nested in what it heads.
(if_statement condition: (_) @header)
(else_if_clause condition: (_) @header)
(while_statement condition: (_) @header)
(do_statement condition: (_) @header)
(for_statement condition: (_) @header)
(switch_statement condition: (_) @header)
(conditional_expression condition: (_) @header)

(comment) @comment
