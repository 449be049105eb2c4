; id: string-compared-by-identity
; severity: warning
; message: This asks whether both are the same object, not whether they are the same text: use equals.
; when: [!=]=
;;; query java
(binary_expression left: (_) @left operator: ["==" "!="] right: (string_literal) (#not-kind? @left "null_literal")) @report
(binary_expression left: (string_literal) operator: ["==" "!="] right: (_) @right (#not-kind? @right "null_literal" "string_literal")) @report
;;; query kotlin
(binary_expression operator: ["===" "!=="] right: (string_literal)) @report
;;; good java
; class A { boolean f(String s) { return s.equals("a") || s == null || s == other; } }
;;; bad java
; class A { boolean f(String s) {
;>  return s == "a";
; } }
;;; good kotlin
; fun f(s: String) = s == "a"
;;; bad kotlin
; fun f(s: String): Boolean {
;>    return s === "a"
; }
