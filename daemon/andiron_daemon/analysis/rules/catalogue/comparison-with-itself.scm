; id: comparison-with-itself
; severity: warning
; message: Both sides are the same, so this is always the same: one of them was meant to be something else.
; when: ==|<|>|&&|\|\|
;;; query c cpp
(binary_expression left: (_) @left operator: ["==" "<=" ">=" "&&" "||"] right: (_) @right
  (#same? @left @right) (#steady? @left)
  (#not-kind? @left "number_literal" "true" "false" "string_literal" "char_literal" "null")) @report
;;; query java javascript typescript tsx csharp go php rust kotlin
(binary_expression left: (_) @left operator: ["==" "<" ">" "<=" ">=" "&&" "||"] right: (_) @right
  (#same? @left @right) (#steady? @left)
  (#not-kind? @left "number_literal" "int_literal" "integer_literal" "decimal_integer_literal" "number" "integer"
    "true" "false" "boolean_literal" "string_literal" "nil" "null" "null_literal" "character_literal")) @report
;;; query javascript typescript tsx php
(binary_expression left: (_) @left operator: "===" right: (_) @right
  (#same? @left @right) (#steady? @left)
  (#not-kind? @left "number" "integer" "string" "true" "false" "boolean" "null")) @report
;;; query swift
(equality_expression lhs: (_) @left op: "==" rhs: (_) @right (#same? @left @right) (#steady? @left)) @report
(comparison_expression lhs: (_) @left rhs: (_) @right (#same? @left @right) (#steady? @left)) @report
(conjunction_expression lhs: (_) @left rhs: (_) @right (#same? @left @right) (#steady? @left)) @report
(disjunction_expression lhs: (_) @left rhs: (_) @right (#same? @left @right) (#steady? @left)) @report
;;; query ruby
(binary left: (_) @left operator: ["==" "<" ">" "<=" ">=" "&&" "||" "and" "or"] right: (_) @right
  (#same? @left @right) (#steady? @left)
  (#kind? @left "instance_variable" "global_variable" "constant" "self" "element_reference")) @report
(binary left: (identifier) @left operator: ["==" "<" ">" "<=" ">="] right: (identifier) @right
  (#same? @left @right)) @report
;;; good java
; class A { boolean f(double x, Queue q) { return x != x || q.next() == q.next() || x == y; } }
;;; bad java
; class A { boolean f(int x) {
;>  return x == x;
; } }
;;; good javascript typescript tsx
; const isNaN = x !== x, same = next() === next(), less = a.b < a.c;
;;; bad javascript typescript tsx
;> const same = a.b === a.b;
;;; good c cpp csharp
; void f() { if (x != x || i++ == i++ || a->b == b->a) { g(); } }
;;; bad c cpp csharp
; void f() {
;>  if (a.b <= a.b) { g(); }
; }
;;; good go
; package a
; func f(x float64) bool { return x != x && x == y }
;;; bad go
; package a
; func f(x int) bool {
;>	return ready && ready
; }
;;; good php
; <?php
; $same = $x->next() === $x->next() || $x == $y;
;;; bad php
; <?php
;> $same = $x === $x;
;;; good rust
; fn f(x: f64) -> bool { x != x || next() == next() }
;;; bad rust
; fn f(x: i32) -> bool {
;>    x == x
; }
;;; good kotlin
; fun f(x: Int) = x == y
;;; bad kotlin
; fun f(x: Int): Boolean {
;>    return x == x
; }
;;; good swift
; func f(x: Int) -> Bool { return x == y && next() == next() }
;;; bad swift
; func f(x: Int) -> Bool {
;>    return x == x
; }
;;; good ruby
; same = queue.shift == queue.shift
;;; bad ruby
;> same = @a == @a
