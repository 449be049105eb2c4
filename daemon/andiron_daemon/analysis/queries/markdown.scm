; The sections of Markdown.

(section . (atx_heading heading_content: (inline) @name)) @symbol.section
(section . (setext_heading heading_content: (_) @name)) @symbol.section

