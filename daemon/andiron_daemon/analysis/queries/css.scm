; The rules of style sheets.

(rule_set (selectors) @name) @symbol.selector
(keyframes_statement (keyframes_name) @name) @symbol.selector

(comment) @comment
