; What C is made of; C++ begins with this.

(function_definition
  declarator: [
    (function_declarator declarator: (_) @name parameters: (parameter_list) @parameters)
    (pointer_declarator (function_declarator declarator: (_) @name parameters: (parameter_list) @parameters))
    (pointer_declarator
      (pointer_declarator (function_declarator declarator: (_) @name parameters: (parameter_list) @parameters)))
  ]) @function @symbol.function
(function_definition) @function
(struct_specifier name: (_) @name body: (_)) @symbol.struct
(union_specifier name: (_) @name body: (_)) @symbol.struct
(enum_specifier name: (_) @name body: (_)) @symbol.enum
(type_definition declarator: (type_identifier) @name) @symbol.type
(field_declaration
  declarator: [
    (field_identifier) @name
    (pointer_declarator (field_identifier) @name)
    (array_declarator (field_identifier) @name)
  ]) @symbol.field
(enumerator name: (_) @name) @symbol.constant
(translation_unit (declaration declarator: (init_declarator declarator: (identifier) @name)) @symbol.variable)
(preproc_def name: (_) @name value: (_)) @symbol.constant
(preproc_function_def name: (_) @name) @symbol.function

(if_statement) @branch @decision
(else_clause) @else
(else_clause (if_statement) @chained)
(for_statement) @branch @decision
(while_statement) @branch @decision
(do_statement) @branch @decision
(switch_statement) @branch
(case_statement "case") @decision
(conditional_expression) @choice @decision
(binary_expression operator: ["&&" "||"]) @logic @decision
(goto_statement) @jump
(preproc_if) @branch @decision
(preproc_ifdef) @branch
(preproc_ifdef "#ifdef") @decision
(preproc_elif) @else @decision
(preproc_else) @else
(call_expression function: (identifier) @call)

; Not nested in what it heads.
(if_statement condition: (_) @header)
(while_statement condition: (_) @header)
(do_statement condition: (_) @header)
(for_statement condition: (_) @header)
(switch_statement condition: (_) @header)
(conditional_expression condition: (_) @header)

(comment) @comment
