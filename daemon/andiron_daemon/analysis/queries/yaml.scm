; The keys of YAML.

(block_mapping_pair key: (_) @name) @symbol.key
(flow_pair key: (_) @name) @symbol.key

(comment) @comment
