; What Ruby is made of.

(method name: (_) @name parameters: (method_parameters)? @parameters) @function @symbol.method
(singleton_method name: (_) @name parameters: (method_parameters)? @parameters) @function @symbol.method
(lambda) @lambda
(do_block) @lambda
(block) @lambda
(class name: (_) @name) @symbol.class
(singleton_class value: (_) @name) @symbol.class
(module name: (_) @name) @symbol.module
(assignment left: (constant) @name) @symbol.constant

(if) @branch @decision
(unless) @branch @decision
(elsif) @else @decision
(if alternative: (else) @else)
(unless alternative: (else) @else)
(elsif alternative: (else) @else)
[(if_modifier) (unless_modifier) (while_modifier) (until_modifier)] @choice @decision
(rescue_modifier) @choice @decision
(for) @branch @decision
(while) @branch @decision
(until) @branch @decision
(case) @branch
(when) @decision
(case_match) @branch
(in_clause) @decision
(rescue) @branch @decision
(conditional) @choice @decision
(binary operator: ["&&" "||" "and" "or"]) @logic @decision
(redo) @jump
(retry) @jump
(call !receiver method: (identifier) @call)
(call receiver: (self) method: (identifier) @call)

; Not nested in what it heads.
(if condition: (_) @header)
(unless condition: (_) @header)
(elsif condition: (_) @header)
(while condition: (_) @header)
(until condition: (_) @header)
(case value: (_) @header)
(conditional condition: (_) @header)

(comment) @comment
