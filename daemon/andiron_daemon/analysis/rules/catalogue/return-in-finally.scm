; id: return-in-finally
; severity: warning
; message: Leaving from here forgets the error that is on its way.
; near: \b(finally|ensure)\b
;;; query java
(finally_clause (block [(return_statement) (throw_statement)] @report))
;;; query php
(finally_clause body: (compound_statement [(return_statement)] @report))
;;; query kotlin
(finally_block (block [(return_expression)] @report))
;;; query ruby
(ensure (return) @report)
;;; good java
; class A { int f() { try { return g(); } finally { close(); } } }
;;; bad java
; class A { int f() { try { return g(); } finally {
;>  return 1;
; } } }
;;; good php
; <?php
; function f() { try { return g(); } finally { close(); } }
;;; bad php
; <?php
; function f() { try { return g(); } finally {
;>  return 1;
; } }
;;; good kotlin
; fun f(): Int { try { return g() } finally { close() } }
;;; bad kotlin
; fun f(): Int { try { return g() } finally {
;>    return 1
; } }
;;; good ruby
; def f
;   g
; ensure
;   close
; end
;;; bad ruby
; def f
;   g
; ensure
;>  return 1
; end
