; id: lost-stack-trace
; severity: warning
; message: Thrown by its name the error forgets where it came from: throw; alone keeps it.
; when: \bthrow\b
;;; query csharp
(catch_clause (catch_declaration name: (identifier) @caught)
  body: (block (throw_statement . (identifier) @thrown . ) @report (#same? @caught @thrown)))
;;; good csharp
; class A { void F() { try { G(); } catch (Exception e) { Log(e); throw; } } }
;;; bad csharp
; class A { void F() { try { G(); } catch (Exception e) { Log(e);
;>  throw e;
; } } }
