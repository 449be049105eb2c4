; What SQL declares.

(create_table (object_reference) @name) @symbol.table
(create_view (object_reference) @name) @symbol.table
(create_materialized_view (object_reference) @name) @symbol.table
(create_function (object_reference) @name) @symbol.function
(create_type (object_reference) @name) @symbol.type
(create_schema (identifier) @name) @symbol.namespace
(create_index column: (identifier) @name) @symbol.key
(column_definition name: (_) @name) @symbol.field

(comment) @comment
(marginalia) @comment
