; id: leftover-breakpoint
; severity: warning
; message: This stops the program for a debugger: it was left here by mistake.
; near: pry|byebug|Debugger|xdebug_break
;;; query ruby
(call receiver: (identifier) @receiver method: (identifier) @method
  (#word? @receiver "binding") (#word? @method "pry" "irb" "b")) @report
((identifier) @report (#word? @report "byebug"))
;;; query csharp
(invocation_expression function: (member_access_expression expression: (_) @class name: (identifier) @method)
  (#text? @class "(^|\\.)Debugger$") (#word? @method "Break" "Launch")) @report
;;; query php
(function_call_expression function: (name) @function (#word? @function "xdebug_break")) @report
;;; good ruby
; pry = binding.local_variables
;;; bad ruby
;> binding.pry
;> byebug
;;; good csharp
; class A { bool F() { return Debugger.IsAttached; } }
;;; bad csharp
; class A { void F() {
;>  Debugger.Break();
; } }
;;; good php
; <?php
; f();
;;; bad php
; <?php
;> xdebug_break();
