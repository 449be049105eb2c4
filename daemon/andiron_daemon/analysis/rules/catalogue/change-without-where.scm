; id: change-without-where
; severity: warning
; message: This changes every row of the table: a WHERE is missing, or a comment that all of them are meant.
; when: (?i)\b(delete|update)\b
;;; query sql
(statement . (delete) . (from) @from (#not-text? @from "(?i)\\bwhere\\b")) @report
(statement (update) @report (#not-text? @report "(?i)\\b(where|from|join)\\b"))
;;; good sql
; DELETE FROM a WHERE b = 1;
; UPDATE a SET b = 1 WHERE c = 2;
;;; bad sql
;> DELETE FROM a;
;> UPDATE a SET b = 1;
