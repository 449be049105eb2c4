; The elements of HTML.

(element (start_tag (tag_name) @name)) @symbol.element
(element (self_closing_tag (tag_name) @name)) @symbol.element
(script_element (start_tag (tag_name) @name)) @symbol.element
(style_element (start_tag (tag_name) @name)) @symbol.element

(comment) @comment
