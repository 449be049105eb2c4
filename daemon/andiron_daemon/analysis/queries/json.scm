; The keys of JSON.

(pair key: (_) @name) @symbol.key

(comment) @comment
