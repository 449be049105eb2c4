; What Swift is made of.

(function_declaration name: (_) @name) @function @symbol.function
(init_declaration "init" @name) @function @symbol.constructor
(deinit_declaration "deinit" @name) @function @symbol.method
(protocol_function_declaration name: (_) @name) @symbol.method
(computed_getter) @function
(computed_setter) @function
(lambda_literal) @lambda
(class_declaration "enum" name: (_) @name) @symbol.enum
(class_declaration "struct" name: (_) @name) @symbol.struct
(class_declaration name: (_) @name) @symbol.class
(protocol_declaration name: (_) @name) @symbol.interface
(typealias_declaration name: (_) @name) @symbol.type
(enum_entry name: (_) @name) @symbol.constant
(source_file (property_declaration name: (pattern) @name) @symbol.property)
(class_body (property_declaration name: (pattern) @name) @symbol.property)
(enum_class_body (property_declaration name: (pattern) @name) @symbol.property)

(if_statement) @branch @decision
(if_statement (else) . (_) @else)
(guard_statement) @branch @decision
(for_statement) @branch @decision
(while_statement) @branch @decision
(repeat_while_statement) @branch @decision
(switch_statement) @branch
(switch_entry (switch_pattern)) @decision
(catch_block) @branch @decision
(ternary_expression) @choice @decision
(conjunction_expression) @logic @decision
(disjunction_expression) @logic @decision
(nil_coalescing_expression) @decision
(control_transfer_statement ["break" "continue"] result: (_)) @jump
(call_expression . (simple_identifier) @call)

; Not nested in what it heads.
(if_statement condition: (_) @header)
(while_statement condition: (_) @header)
(guard_statement condition: (_) @header)
(switch_statement expr: (_) @header)
(ternary_expression condition: (_) @header)

(comment) @comment
(multiline_comment) @comment
