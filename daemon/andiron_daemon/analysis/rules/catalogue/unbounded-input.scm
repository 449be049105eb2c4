; id: unbounded-input
; severity: error
; message: This reads as much as there is into a place of fixed size: use fgets, or give a width.
; near: \b(gets|scanf)\b
;;; query c cpp
(call_expression function: (identifier) @function arguments: (argument_list . (_) . )
  (#word? @function "gets")) @report
(call_expression function: (identifier) @function arguments: (argument_list (string_literal) @format)
  (#word? @function "scanf" "fscanf") (#text? @format "%s")) @report
;;; good c cpp
; void f(void) { fgets(line, sizeof line, stdin); scanf("%9s %d", word, &n); }
;;; bad c cpp
; void f(void) {
;>  gets(line);
;>  scanf("%s", word);
; }
