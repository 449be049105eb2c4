; id: self-assignment
; severity: warning
; message: This assigns a thing to itself: one side was meant to be something else.
; when: =
;;; query java csharp c cpp
(expression_statement (assignment_expression left: (_) @left operator: "=" right: (_) @right
  (#same? @left @right) (#steady? @left)) @report)
;;; query go
(assignment_statement left: (expression_list . (_) @left . ) operator: "=" right: (expression_list . (_) @right . )
  (#same? @left @right) (#steady? @left) (#not-word? @left "_")) @report
;;; query php
(expression_statement (assignment_expression left: (_) @left right: (_) @right
  (#same? @left @right) (#steady? @left)) @report)
;;; query ruby
(assignment left: [(instance_variable) (global_variable)] @left right: (_) @right (#same? @left @right)) @report
;;; good java
; class A { A(int a) { this.a = a; b = c; } }
;;; bad java
; class A { A(int a) {
;>  a = a;
; } }
;;; good csharp
; class A { void F(int a) { this.a = a; var p = new P { a = a }; } }
;;; bad csharp
; class A { void F(int a) {
;>  a = a;
; } }
;;; good c cpp
; void f(int a) { b = a; (void)a; }
;;; bad c cpp
; void f(int a) {
;>  a = a;
; }
;;; good go
; package a
; func f(a int) { a := a; b = a; _ = a }
;;; bad go
; package a
; func f(a int) {
;>	a = a
; }
;;; good php
; <?php
; $this->a = $a;
;;; bad php
; <?php
;> $a = $a;
;;; good ruby
; @a = a
;;; bad ruby
;> @a = @a
