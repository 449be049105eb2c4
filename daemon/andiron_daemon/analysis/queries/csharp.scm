; What C# is made of.

(method_declaration name: (_) @name parameters: (parameter_list) @parameters body: (_)) @function @symbol.method
(method_declaration name: (_) @name) @symbol.method
(constructor_declaration name: (_) @name parameters: (parameter_list) @parameters) @function @symbol.constructor
(destructor_declaration name: (_) @name) @function @symbol.method
(operator_declaration operator: _ @name parameters: (parameter_list) @parameters) @function @symbol.method
(local_function_statement name: (_) @name parameters: (parameter_list) @parameters) @function @symbol.function
(property_declaration name: (_) @name) @symbol.property
(accessor_declaration body: (_)) @function
(lambda_expression) @lambda
(anonymous_method_expression) @lambda
(class_declaration name: (_) @name) @symbol.class
(record_declaration name: (_) @name) @symbol.class
(struct_declaration name: (_) @name) @symbol.struct
(interface_declaration name: (_) @name) @symbol.interface
(enum_declaration name: (_) @name) @symbol.enum
(enum_member_declaration name: (_) @name) @symbol.constant
(delegate_declaration name: (_) @name) @symbol.type
(namespace_declaration name: (_) @name) @symbol.namespace
(file_scoped_namespace_declaration name: (_) @name) @symbol.namespace
(field_declaration (variable_declaration (variable_declarator name: (_) @name) @symbol.field))
(event_field_declaration (variable_declaration (variable_declarator name: (_) @name) @symbol.field))

(if_statement) @branch @decision
(if_statement alternative: (_) @else)
(for_statement) @branch @decision
(foreach_statement) @branch @decision
(while_statement) @branch @decision
(do_statement) @branch @decision
(switch_statement) @branch
(switch_expression) @branch
(switch_section "case") @decision
(switch_expression_arm . (_) @pattern) @case
(catch_clause) @branch @decision
(conditional_expression) @choice @decision
(binary_expression operator: ["&&" "||"]) @logic @decision
(binary_expression operator: "??") @decision
(goto_statement) @jump
(preproc_if) @branch
(preproc_elif) @else
(preproc_else) @else
(invocation_expression function: (identifier) @call)
(invocation_expression function: (member_access_expression expression: "this" name: (identifier) @call))

; Not nested in what it heads.
(if_statement condition: (_) @header)
(while_statement condition: (_) @header)
(do_statement condition: (_) @header)
(for_statement condition: (_) @header)
(foreach_statement right: (_) @header)
(switch_statement value: (_) @header)
(conditional_expression condition: (_) @header)

(comment) @comment
