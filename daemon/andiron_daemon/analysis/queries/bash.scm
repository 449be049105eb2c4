; What shell scripts are made of.

(function_definition name: (_) @name) @function @symbol.function
(program (variable_assignment name: (variable_name) @name) @symbol.variable)
(program (declaration_command (variable_assignment name: (variable_name) @name) @symbol.variable))

(if_statement) @branch @decision
(elif_clause) @else @decision
(else_clause) @else
(for_statement) @branch @decision
(c_style_for_statement) @branch @decision
(while_statement) @branch @decision
(case_statement) @branch
(case_item) @decision
(ternary_expression) @choice @decision
(list ["&&" "||"]) @logic @decision
(binary_expression operator: ["&&" "||"]) @logic @decision
(command name: (command_name (word) @call))

(comment) @comment
