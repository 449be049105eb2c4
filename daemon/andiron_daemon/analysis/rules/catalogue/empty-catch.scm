; id: empty-catch
; severity: warning
; message: The error is caught and lost: handle it, log it, or say in a comment why nothing is to be done.
; near: catch|rescue|err\b
;;; query java
(catch_clause (catch_formal_parameter name: (_) @name) body: (_) @body
  (#empty? @body) (#not-text? @name "^(_|ign|expected|unused)")) @report
;;; query csharp cpp
(catch_clause body: (_) @body (#empty? @body)) @report
;;; query kotlin
(catch_block . (identifier) @name (block) @body
  (#empty? @body) (#not-text? @name "^(_|ign|expected|unused)")) @report
;;; query php
(catch_clause body: (compound_statement) @body (#empty? @body)) @report
;;; query swift
(catch_block . (catch_keyword) . ) @report
;;; query javascript typescript tsx
(catch_clause parameter: (_) @name body: (statement_block) @body
  (#empty? @body) (#not-text? @name "^(_|ign|expected|unused)")) @report
;;; query ruby
(rescue !body !exceptions) @report
(rescue !body exceptions: (_) @name (#not-text? @name "LoadError|NotImplementedError|ENOENT|EEXIST")) @report
;;; query go
(if_statement
  condition: (binary_expression left: (identifier) @error operator: "!=" right: (nil))
  consequence: (block) @body
  !alternative
  (#word? @error "err") (#empty? @body)) @report
;;; good java
; class A {
;   void f() {
;     try { g(); } catch (IOException e) { log.warn("g failed", e); }
;     try { g(); } catch (IOException e) { /* the file may be gone already */ }
;   }
; }
;;; bad java
; class A {
;   void f() {
;     try { g(); }
;>    catch (IOException e) { }
;   }
; }
;;; good csharp
; class A { void F() { try { G(); } catch (IOException) { /* gone already */ } } }
;;; bad csharp
; class A {
;   void F() {
;     try { G(); }
;>    catch { }
;   }
; }
;;; good cpp
; void f() { try { g(); } catch (const std::exception& error) { report(error); } }
;;; bad cpp
; void f() {
;   try { g(); }
;>  catch (...) { }
; }
;;; good kotlin
; fun f() { try { g() } catch (e: IOException) { log(e) } }
;;; bad kotlin
; fun f() {
;     try { g() }
;>    catch (e: IOException) { }
; }
;;; good php
; <?php
; try { g(); } catch (Exception $e) { error_log($e); }
;;; bad php
; <?php
; try { g(); }
;> catch (Exception $e) { }
;;; good swift
; do { try g() } catch { print(error) }
;;; bad swift
; do { try g() }
;> catch { }
;;; good javascript typescript tsx
; try { f(); } catch (error) { report(error); }
; try { f(); } catch { }
;;; bad javascript typescript tsx
; try { f(); }
;> catch (error) { }
;;; good ruby
; begin
;   f
; rescue IOError => error
;   warn error
; end
;;; bad ruby
; begin
;   f
;> rescue IOError => error
; end
;;; good go
; package a
; func f() { if err != nil { return } }
;;; bad go
; package a
; func f() {
;>	if err != nil { }
; }
