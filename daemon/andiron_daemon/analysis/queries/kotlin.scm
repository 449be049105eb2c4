; What Kotlin is made of.

(function_declaration
  name: (_) @name (function_value_parameters) @parameters (function_body)) @function @symbol.function
(function_declaration name: (_) @name) @symbol.function
(secondary_constructor "constructor" @name (function_value_parameters) @parameters) @function @symbol.constructor
(anonymous_initializer) @function
(getter (function_body)) @function
(setter (function_body)) @function
(lambda_literal) @lambda
(anonymous_function) @lambda
(class_declaration "interface" name: (_) @name) @symbol.interface
(class_declaration name: (_) @name (enum_class_body)) @symbol.enum
(class_declaration name: (_) @name) @symbol.class
(object_declaration name: (_) @name) @symbol.class
(companion_object "object" @name) @symbol.class
(type_alias type: (identifier) @name) @symbol.type
(enum_entry . (identifier) @name) @symbol.constant
(source_file (property_declaration (variable_declaration . (identifier) @name)) @symbol.property)
(class_body (property_declaration (variable_declaration . (identifier) @name)) @symbol.property)

(if_expression) @branch @decision
(if_expression "else" . (_) @else)
(for_statement) @branch @decision
(while_statement) @branch @decision
(do_while_statement) @branch @decision
(when_expression) @branch
(when_entry condition: (_)) @decision
(catch_block) @branch @decision
(binary_expression operator: ["&&" "||"]) @logic @decision
(binary_expression operator: "?:") @decision
(labeled_expression) @jump
(call_expression . (identifier) @call)

; Not nested in what it heads.
(if_expression condition: (_) @header)
(while_statement condition: (_) @header)
(do_while_statement condition: (_) @header)

(line_comment) @comment
(block_comment) @comment
