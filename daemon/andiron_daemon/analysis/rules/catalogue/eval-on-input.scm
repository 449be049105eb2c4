; id: eval-on-input
; severity: warning
; message: This runs text as code, and the text is not written out here: whoever decides the text decides what runs.
; near: \b(eval|Function|assert|instance_eval|class_eval|create_function|ScriptEngine)\b
;;; query python
(call function: (identifier) @function arguments: (argument_list . (_) @text . )
  (#word? @function "eval") (#varies? @text) (#not-kind? @text "string" "concatenated_string")) @report
;;; query javascript typescript tsx
(call_expression function: (identifier) @function arguments: (arguments . (_) @text)
  (#word? @function "eval") (#varies? @text)) @report
(new_expression constructor: (identifier) @function arguments: (arguments (_) @text . )
  (#word? @function "Function") (#varies? @text)) @report
;;; query php
(function_call_expression function: (name) @function arguments: (arguments . (argument (_) @text))
  (#text? @function "(?i)^(eval|create_function)$") (#varies? @text)) @report
;;; query ruby
(call !receiver method: (identifier) @function arguments: (argument_list . (_) @text)
  (#word? @function "eval") (#varies? @text) (#not-text? @text "^<<")) @report
;;; good python
; ast.literal_eval(x)
; eval("1 + 1")
; model.eval()
;;; bad python
;> eval(request.args["x"])
;;; good javascript typescript tsx
; JSON.parse(x); eval("1 + 1"); new Function("return 1");
;;; bad javascript typescript tsx
;> eval(location.hash);
;> new Function("a", "return " + x);
;;; good php
; <?php
; json_decode($x); eval('return 1;');
;;; bad php
; <?php
;> eval($_GET['x']);
;;; good ruby
; Integer(x)
; eval("1 + 1")
;;; bad ruby
;> eval(params[:x])
