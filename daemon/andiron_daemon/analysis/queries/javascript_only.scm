; What JavaScript has and TypeScript has otherwise.

(field_definition
  property: (_) @name
  value: [
    (arrow_function parameters: (formal_parameters) @parameters)
    (arrow_function parameter: (identifier) @parameter)
    (function_expression parameters: (formal_parameters) @parameters)
  ] @function) @symbol.method
(field_definition property: (_) @name) @symbol.field
