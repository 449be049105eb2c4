; id: duplicate-branches
; severity: warning
; message: Both branches do the same, so the condition decides nothing: one of them was meant to differ.
; when: \belse\b
;;; query javascript typescript tsx
(if_statement consequence: (statement_block) @one alternative: (else_clause (statement_block) @report)
  (#same? @one @report) (#not-empty? @one))
;;; query c cpp
(if_statement consequence: (compound_statement) @one alternative: (else_clause (compound_statement) @report)
  (#same? @one @report) (#not-empty? @one))
;;; query java csharp go
(if_statement consequence: (block) @one alternative: (block) @report (#same? @one @report) (#not-empty? @one))
;;; query php
(if_statement body: (compound_statement) @one alternative: (else_clause body: (compound_statement) @report)
  (#same? @one @report) (#not-empty? @one))
;;; query python
(if_statement consequence: (block) @one . alternative: (else_clause body: (block) @report)
  (#same? @one @report))
;;; query kotlin
(if_expression (block) @one "else" (block) @report (#same? @one @report) (#not-empty? @one))
;;; good c cpp
; void f() { if (a) { b(); } else { c(); } if (a) { } else { } }
;;; good javascript typescript tsx
; if (a) { b(); } else { c(); }
;;; good java csharp
; class A { void f() { if (a) { b(); } else { c(); } if (a) { } else { } } }
;;; bad c cpp
; void f() {
;   if (a) { b(); }
;>  else { b(); }
; }
;;; bad javascript typescript tsx
; if (a) { b(); }
;> else { b(); }
;;; bad java csharp
; class A { void f() {
;   if (a) { b(); }
;>  else { b(); }
; } }
;;; good go
; package a
; func f() { if a { b() } else { c() } }
;;; bad go
; package a
; func f() {
; 	if a { b()
;>	} else { b()
; 	}
; }
;;; good php
; <?php
; if ($a) { b(); } else { c(); }
;;; bad php
; <?php
; if ($a) { b(); }
;> else { b(); }
;;; good python
; if a:
;     b()
; else:
;     c()
;;; bad python
; if a:
;     b()
; else:
;>    b()
;;; good kotlin
; fun f() { if (a) { b() } else { c() } }
;;; bad kotlin
; fun f() {
;     if (a) { b() }
;>    else { b() }
; }
