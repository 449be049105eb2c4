; id: comparison-with-null
; severity: warning
; message: A comparison with NULL is never true: IS NULL or IS NOT NULL was meant.
; when: (?i)\bnull\b
;;; query sql
(where (binary_expression right: (literal (keyword_null))) @report (#text? @report "(?i)(=|<>|!=)\\s*null$"))
(where (binary_expression (binary_expression right: (literal (keyword_null))) @report (#text? @report "(?i)(=|<>|!=)\\s*null$")))
;;; good sql
; SELECT a FROM b WHERE c IS NULL;
; UPDATE a SET b = NULL WHERE c = 1;
;;; bad sql
;> SELECT a FROM b WHERE c = NULL;
;> DELETE FROM a WHERE b <> NULL AND c = 1;
