; What Go is made of.

(function_declaration name: (identifier) @name parameters: (parameter_list) @parameters) @function @symbol.function
(method_declaration name: (field_identifier) @name parameters: (parameter_list) @parameters) @function @symbol.method
(func_literal) @lambda
(type_spec name: (_) @name type: (struct_type)) @symbol.struct
(type_spec name: (_) @name type: (interface_type)) @symbol.interface
(type_spec name: (_) @name) @symbol.type
(type_alias name: (_) @name) @symbol.type
(type_spec type: (struct_type (field_declaration_list (field_declaration name: (_) @name) @symbol.field)))
(method_elem name: (_) @name) @symbol.method
(source_file (const_declaration (const_spec name: (identifier) @name) @symbol.constant))
(source_file (var_declaration (var_spec name: (identifier) @name) @symbol.variable))
(source_file (var_declaration (var_spec_list (var_spec name: (identifier) @name) @symbol.variable)))

(if_statement) @branch @decision
(if_statement alternative: (_) @else)
(for_statement) @branch @decision
(expression_switch_statement) @branch
(type_switch_statement) @branch
(select_statement) @branch
(expression_case) @decision
(type_case) @decision
(communication_case) @decision
(binary_expression operator: ["&&" "||"]) @logic @decision
(goto_statement) @jump
(break_statement (label_name)) @jump
(continue_statement (label_name)) @jump
(call_expression function: (identifier) @call)

; Not nested in what it heads.
(if_statement condition: (_) @header)
(for_clause condition: (_) @header)
(range_clause right: (_) @header)
(expression_switch_statement value: (_) @header)
(type_switch_statement value: (_) @header)

(comment) @comment
