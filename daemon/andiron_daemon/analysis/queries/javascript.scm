; What JavaScript is made of; TypeScript and TSX begin with this.

(function_declaration name: (identifier) @name parameters: (formal_parameters) @parameters) @function @symbol.function
(generator_function_declaration
  name: (identifier) @name parameters: (formal_parameters) @parameters) @function @symbol.function
(method_definition name: (_) @name parameters: (formal_parameters) @parameters) @function @symbol.method
(variable_declarator
  name: (identifier) @name
  value: [
    (arrow_function parameters: (formal_parameters) @parameters)
    (arrow_function parameter: (identifier) @parameter)
    (function_expression parameters: (formal_parameters) @parameters)
    (generator_function parameters: (formal_parameters) @parameters)
  ] @function) @symbol.function
(assignment_expression
  left: [(identifier) (member_expression)] @name
  right: [
    (arrow_function parameters: (formal_parameters) @parameters)
    (arrow_function parameter: (identifier) @parameter)
    (function_expression parameters: (formal_parameters) @parameters)
    (generator_function parameters: (formal_parameters) @parameters)
  ] @function) @symbol.function
(pair
  key: (_) @name
  value: [
    (arrow_function parameters: (formal_parameters) @parameters)
    (arrow_function parameter: (identifier) @parameter)
    (function_expression parameters: (formal_parameters) @parameters)
    (generator_function parameters: (formal_parameters) @parameters)
  ] @function) @symbol.function
[(arrow_function) (function_expression) (generator_function)] @function
(class_declaration name: (_) @name) @symbol.class
(class name: (_) @name) @symbol.class
(program (lexical_declaration "const" (variable_declarator name: (identifier) @name) @symbol.constant))
(program (lexical_declaration "let" (variable_declarator name: (identifier) @name) @symbol.variable))
(program (variable_declaration (variable_declarator name: (identifier) @name) @symbol.variable))
(program (export_statement (lexical_declaration (variable_declarator name: (identifier) @name) @symbol.constant)))

(if_statement) @branch @decision
(else_clause) @else
(else_clause (if_statement) @chained)
(for_statement) @branch @decision
(for_in_statement) @branch @decision
(while_statement) @branch @decision
(do_statement) @branch @decision
(switch_statement) @branch
(switch_case) @decision
(catch_clause) @branch @decision
(ternary_expression) @choice @decision
(binary_expression operator: ["&&" "||"]) @logic @decision
(binary_expression operator: "??") @decision
(break_statement label: (_)) @jump
(continue_statement label: (_)) @jump
(call_expression function: (identifier) @call)
(call_expression function: (member_expression object: (this) property: (property_identifier) @call))

; Not nested in what it heads.
(if_statement condition: (_) @header)
(while_statement condition: (_) @header)
(do_statement condition: (_) @header)
(for_statement condition: (_) @header)
(for_in_statement right: (_) @header)
(switch_statement value: (_) @header)
(ternary_expression condition: (_) @header)

(comment) @comment
(hash_bang_line) @comment
