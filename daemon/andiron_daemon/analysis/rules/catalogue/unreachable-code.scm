; id: unreachable-code
; severity: warning
; message: This is never reached: what stands before it always leaves.
; when: \b(return|throw|raise|break|continue)\b
;;; query python
(block [(return_statement) (raise_statement) (break_statement) (continue_statement)] . (comment)* . (_) @report
  (#not-kind? @report "comment" "function_definition" "class_definition")
  (#not-text? @report "^\\s*yield\\b"))
;;; query java
(block [(return_statement) (throw_statement) (break_statement) (continue_statement)] . [(line_comment) (block_comment)]* . (_) @report
  (#not-kind? @report "line_comment" "block_comment" "labeled_statement"))
;;; query csharp
(block [(return_statement) (throw_statement) (break_statement) (continue_statement) (goto_statement)] . (comment)* . (_) @report
  (#not-kind? @report "comment" "labeled_statement" "local_function_statement" "preproc_if" "preproc_endregion"
    "preproc_region" "preproc_pragma"))
;;; query c cpp
(compound_statement [(return_statement) (break_statement) (continue_statement) (goto_statement)] . (comment)* . (_) @report
  (#not-kind? @report "comment" "labeled_statement" "case_statement" "break_statement" "preproc_if" "preproc_ifdef"
    "preproc_else" "preproc_call" "preproc_def" "preproc_undef" "preproc_function_def" "preproc_directive" "ERROR" "declaration" ";")
  (#not-inside? @report "case_statement")
  (#not-text? @report "^(;|[A-Z_]+\\b)"))
;;; query go
(statement_list [(return_statement) (break_statement) (continue_statement) (goto_statement)] . (comment)* . (_) @report
  (#not-kind? @report "comment" "labeled_statement" "empty_statement"))
;;; query php
(compound_statement [(return_statement) (break_statement) (continue_statement)] . (comment)* . (_) @report
  (#not-kind? @report "comment" "function_definition" "class_declaration" "break_statement" "named_label_statement"
    "text_interpolation" "empty_statement"))
;;; query kotlin
(block [(return_expression) (throw_expression)] . [(line_comment) (block_comment)]* . (_) @report
  (#not-kind? @report "line_comment" "block_comment" "function_declaration" "class_declaration"))
;;; query ruby
(body_statement [(return) (next) (break)] . (comment)* . (_) @report
  (#not-kind? @report "comment" "rescue" "ensure" "else" "heredoc_body"))
;;; good python
; def f(x):
;     if x:
;         return 1
;     # nothing found
;     return 2
; def g():
;     return
;     yield
;;; bad python
; def f(x):
;     return x
;>    print(x)
;;; good java
; class A { int f(int x) { if (x > 0) { return 1; } return 2; } }
;;; bad java
; class A {
;   int f(int x) {
;     return x;
;>    g(x);
;   }
; }
;;; good csharp
; class A { int F(int x) { return G(); int G() { return x; } } }
;;; bad csharp
; class A {
;   int F(int x) {
;     throw new Exception();
;>    G(x);
;   }
; }
;;; good c cpp
; int f(int x) {
;   switch (x) { case 1: return 1; break; default: return 2; }
;   goto end;
; end:
;   return 3;
; }
;;; bad c cpp
; int f(int x) {
;   return x;
;>  g(x);
; }
;;; good go
; package a
; func f(x int) int { if x > 0 { return 1 }; return 2 }
;;; bad go
; package a
; func f(x int) int {
; 	return x
;>	g(x)
; }
;;; good php
; <?php
; function f($x) { if ($x) { return 1; } return 2; }
;;; bad php
; <?php
; function f($x) {
;   return $x;
;>  g($x);
; }
;;; good kotlin
; fun f(x: Int): Int { if (x > 0) { return 1 }
;   return 2 }
;;; bad kotlin
; fun f(x: Int): Int {
;     return x
;>    g(x)
; }
;;; good ruby
; def f(x)
;   return 1 if x
;   2
; end
;;; bad ruby
; def f(x)
;   return x
;>  g(x)
; end
