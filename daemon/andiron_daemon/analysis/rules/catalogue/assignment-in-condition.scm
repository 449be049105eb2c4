; id: assignment-in-condition
; severity: warning
; message: This assigns and does not compare, so the condition is always the same: == was meant.
; when: \b(if|while|elsif|unless)\b
;;; query c
([(if_statement condition: (parenthesized_expression . (assignment_expression operator: "=" right: (_) @value) @report . ))
  (while_statement condition: (parenthesized_expression . (assignment_expression operator: "=" right: (_) @value) @report . ))]
  (#kind? @value "number_literal" "true" "false" "null" "string_literal" "char_literal"))
;;; query cpp
([(if_statement condition: (condition_clause value: (assignment_expression operator: "=" right: (_) @value) @report))
  (while_statement condition: (condition_clause value: (assignment_expression operator: "=" right: (_) @value) @report))]
  (#kind? @value "number_literal" "true" "false" "null" "string_literal" "char_literal"))
;;; query java
([(if_statement condition: (parenthesized_expression . (assignment_expression operator: "=" right: (_) @value) @report . ))
  (while_statement condition: (parenthesized_expression . (assignment_expression operator: "=" right: (_) @value) @report . ))]
  (#kind? @value "true" "false"))
;;; query csharp
([(if_statement condition: (assignment_expression operator: "=" right: (_) @value) @report)
  (while_statement condition: (assignment_expression operator: "=" right: (_) @value) @report)]
  (#kind? @value "boolean_literal"))
;;; query php
([(if_statement condition: (parenthesized_expression . (assignment_expression right: (_) @value) @report . ))
  (else_if_clause condition: (parenthesized_expression . (assignment_expression right: (_) @value) @report . ))
  (while_statement condition: (parenthesized_expression . (assignment_expression right: (_) @value) @report . ))]
  (#kind? @value "integer" "float" "string" "boolean" "null"))
;;; query ruby
([(if condition: (assignment right: (_) @value) @report)
  (elsif condition: (assignment right: (_) @value) @report)
  (unless condition: (assignment right: (_) @value) @report)
  (if_modifier condition: (assignment right: (_) @value) @report)]
  (#kind? @value "integer" "float" "string" "true" "false" "nil" "simple_symbol"))
;;; good c
; void f(void) { if ((p = next())) { g(); } while (c = read()) { g(); } if (a == 1) { g(); } }
;;; bad c
; void f(void) {
;>  if (a = 1) { g(); }
; }
;;; good cpp
; void f() { if (auto p = next()) { g(); } if (a == 1) { g(); } }
;;; bad cpp
; void f() {
;>  while (ready = true) { g(); }
; }
;;; good java
; class A { void f() { if (ok = check()) { g(); } if (ok == true) { g(); } } }
;;; bad java
; class A { void f() {
;>  if (ok = true) { g(); }
; } }
;;; good csharp
; class A { void F() { if (ok == true) { G(); } } }
;;; bad csharp
; class A { void F() {
;>  if (ok = true) { G(); }
; } }
;;; good php
; <?php
; if ($row = fetch()) { f($row); } while (($line = fgets($in)) !== false) { f($line); }
;;; bad php
; <?php
;> if ($a = 1) { f(); }
;;; good ruby
; f(row) if row = fetch
;;; bad ruby
;> if a = 1
;   f
; end
