; What C++ has beside C.

(function_definition
  declarator: [
    (reference_declarator (function_declarator declarator: (_) @name parameters: (parameter_list) @parameters))
    (function_declarator declarator: (_) @name parameters: (parameter_list) @parameters)
    (pointer_declarator
      (reference_declarator (function_declarator declarator: (_) @name parameters: (parameter_list) @parameters)))
  ]) @function @symbol.function
(function_definition declarator: (operator_cast type: (_) @name)) @function @symbol.method
(lambda_expression) @lambda
(class_specifier name: (_) @name body: (_)) @symbol.class
(namespace_definition name: (_) @name) @symbol.namespace
(alias_declaration name: (_) @name) @symbol.type
(concept_definition name: (_) @name) @symbol.type
(field_declaration declarator: (function_declarator declarator: (_) @name)) @symbol.method
(field_declaration declarator: (pointer_declarator (function_declarator declarator: (_) @name))) @symbol.method
(field_declaration declarator: (reference_declarator (function_declarator declarator: (_) @name))) @symbol.method

(for_range_loop) @branch @decision
(catch_clause) @branch @decision
(binary_expression operator: ["and" "or"]) @logic @decision

(for_range_loop right: (_) @header)
