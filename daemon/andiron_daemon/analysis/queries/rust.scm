; What Rust is made of.

(function_item name: (_) @name parameters: (parameters) @parameters) @function @symbol.function
(function_signature_item name: (_) @name) @symbol.function
(closure_expression) @lambda
(struct_item name: (_) @name) @symbol.struct
(union_item name: (_) @name) @symbol.struct
(enum_item name: (_) @name) @symbol.enum
(trait_item name: (_) @name) @symbol.trait
(impl_item type: (_) @name) @symbol.class
(mod_item name: (_) @name) @symbol.module
(type_item name: (_) @name) @symbol.type
(macro_definition name: (_) @name) @symbol.function
(const_item name: (_) @name) @symbol.constant
(static_item name: (_) @name) @symbol.variable
(struct_item body: (field_declaration_list (field_declaration name: (_) @name) @symbol.field))

(if_expression) @branch @decision
(else_clause) @else
(else_clause (if_expression) @chained)
(let_declaration alternative: (block) @branch @decision)
(for_expression) @branch @decision
(while_expression) @branch @decision
(loop_expression) @branch
(match_expression) @branch @exhaustive
(match_arm) @decision
(binary_expression operator: ["&&" "||"]) @logic @decision
(let_chain) @logic @decision
(try_expression) @decision
(break_expression (label)) @jump
(continue_expression (label)) @jump
(call_expression function: (identifier) @call)
(call_expression function: (field_expression value: (self) field: (field_identifier) @call))

; Not nested in what it heads.
(if_expression condition: (_) @header)
(while_expression condition: (_) @header)
(for_expression value: (_) @header)
(match_expression value: (_) @header)

(line_comment) @comment
(block_comment) @comment
