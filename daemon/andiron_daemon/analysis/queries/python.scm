; What Python is made of; `../queries.py` says what the captures mean.

(function_definition
  name: (identifier) @name
  parameters: (parameters) @parameters) @function @symbol.function
(class_definition name: (identifier) @name) @symbol.class
(lambda) @lambda
; A decorator is a function around a function, and no deeper to read for it.
(function_definition
  body: (block . (comment)* . (function_definition) @closure . (comment)* . (return_statement) .))
(function_definition
  body: (block . (comment)* . (decorated_definition definition: (function_definition) @closure)
    . (comment)* . (return_statement) .))

(module (expression_statement (assignment left: (identifier) @name) @symbol.variable))
(class_definition body: (block (expression_statement (assignment left: (identifier) @name) @symbol.field)))

(if_statement) @branch @decision
(elif_clause) @else @decision
(if_statement alternative: (else_clause) @else)
(for_statement) @branch @decision
(while_statement) @branch @decision
(for_statement alternative: (else_clause) @decision)
(while_statement alternative: (else_clause) @decision)
(try_statement (else_clause) @decision)
(except_clause) @branch @decision
(match_statement) @branch
(case_clause (case_pattern) @pattern) @case
(conditional_expression) @choice @decision
(boolean_operator) @logic @decision
(assert_statement) @decision
[(list_comprehension) (set_comprehension) (dictionary_comprehension) (generator_expression)] @choice
(for_in_clause) @decision
(list_comprehension (for_in_clause) (for_in_clause) @more)
(set_comprehension (for_in_clause) (for_in_clause) @more)
(dictionary_comprehension (for_in_clause) (for_in_clause) @more)
(generator_expression (for_in_clause) (for_in_clause) @more)
(list_comprehension (if_clause) @jump @decision)
(set_comprehension (if_clause) @jump @decision)
(dictionary_comprehension (if_clause) @jump @decision)
(generator_expression (if_clause) @jump @decision)
(call function: (identifier) @call)
(call function: (attribute object: (identifier) @receiver attribute: (identifier) @call))

; Not nested in what it heads.
(if_statement condition: (_) @header)
(elif_clause condition: (_) @header)
(while_statement condition: (_) @header)
(for_statement right: (_) @header)
(match_statement subject: (_) @header)
(conditional_expression "if" . (_) @header)
(for_in_clause right: (_) @header)
(for_statement alternative: (else_clause) @header)
(while_statement alternative: (else_clause) @header)

(comment) @comment
(expression_statement . (string) @comment .)
