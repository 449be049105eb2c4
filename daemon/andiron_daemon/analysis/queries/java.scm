; What Java is made of.

(method_declaration name: (_) @name parameters: (formal_parameters) @parameters body: (_)) @function @symbol.method
(method_declaration name: (_) @name) @symbol.method
(constructor_declaration name: (_) @name parameters: (formal_parameters) @parameters) @function @symbol.constructor
(compact_constructor_declaration name: (_) @name) @function @symbol.constructor
(lambda_expression) @lambda
(class_declaration name: (_) @name) @symbol.class
(record_declaration name: (_) @name) @symbol.class
(interface_declaration name: (_) @name) @symbol.interface
(annotation_type_declaration name: (_) @name) @symbol.interface
(enum_declaration name: (_) @name) @symbol.enum
(field_declaration declarator: (variable_declarator name: (_) @name) @symbol.field)
(enum_constant name: (_) @name) @symbol.constant

(if_statement) @branch @decision
(if_statement alternative: (_) @else)
(for_statement) @branch @decision
(enhanced_for_statement) @branch @decision
(while_statement) @branch @decision
(do_statement) @branch @decision
(switch_expression) @branch
(switch_label "case") @decision
(catch_clause) @branch @decision
(ternary_expression) @choice @decision
(binary_expression operator: ["&&" "||"]) @logic @decision
(break_statement (identifier)) @jump
(continue_statement (identifier)) @jump
(method_invocation !object name: (identifier) @call)
(method_invocation object: (this) name: (identifier) @call)

; Not nested in what it heads.
(if_statement condition: (_) @header)
(while_statement condition: (_) @header)
(do_statement condition: (_) @header)
(for_statement condition: (_) @header)
(enhanced_for_statement value: (_) @header)
(switch_expression condition: (_) @header)
(ternary_expression condition: (_) @header)

(line_comment) @comment
(block_comment) @comment
