; What TypeScript and TSX have beside JavaScript.

(public_field_definition
  name: (_) @name
  value: [
    (arrow_function parameters: (formal_parameters) @parameters)
    (arrow_function parameter: (identifier) @parameter)
    (function_expression parameters: (formal_parameters) @parameters)
  ] @function) @symbol.method
(public_field_definition name: (_) @name) @symbol.field
(abstract_class_declaration name: (_) @name) @symbol.class
(interface_declaration name: (_) @name) @symbol.interface
(enum_declaration name: (_) @name) @symbol.enum
(type_alias_declaration name: (_) @name) @symbol.type
(internal_module name: (_) @name) @symbol.namespace
(module name: (_) @name) @symbol.module
(method_signature name: (_) @name) @symbol.method
(abstract_method_signature name: (_) @name) @symbol.method
(function_signature name: (_) @name) @symbol.function
(property_signature name: (_) @name) @symbol.property
