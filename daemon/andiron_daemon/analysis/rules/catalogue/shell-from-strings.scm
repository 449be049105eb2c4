; id: shell-from-strings
; severity: warning
; message: This command line is put together from text, so that what is put in can run other commands: pass a list of arguments.
; near: system|popen|exec|subprocess|spawn|Command|passthru|%x|`
;;; query python
(call function: (attribute object: (identifier) @module attribute: (identifier) @function)
  arguments: (argument_list . (_) @command)
  (#word? @module "os") (#word? @function "system" "popen")
  (#kind? @command "string" "binary_operator" "call") (#varies? @command)
  (#not-text? @command "shlex|quote")) @report
(call function: (attribute object: (identifier) @module)
  arguments: (argument_list . (_) @command (keyword_argument name: (identifier) @name value: (true)))
  (#word? @module "subprocess") (#word? @name "shell")
  (#kind? @command "string" "binary_operator" "call") (#varies? @command)
  (#not-text? @command "shlex|quote")) @report
;;; query javascript typescript tsx
(call_expression function: [(identifier) @function (member_expression object: (identifier) @module property: (property_identifier) @function)]
  arguments: (arguments . [(template_string (template_substitution)) (binary_expression left: [(string) (template_string) (binary_expression)])] @command)
  (#word? @function "exec" "execSync") (#text? @module "(?i)^(child_?process|cp|proc|shell)$|^require")
  (#varies? @command)) @report
;;; query php
(function_call_expression function: (name) @function
  arguments: (arguments . (argument [(encapsed_string) (binary_expression)] @command))
  (#word? @function "system" "exec" "shell_exec" "passthru" "popen" "proc_open")
  (#varies? @command) (#not-text? @command "escapeshell|PHP_BINARY")) @report
(shell_command_expression [(variable_name) (subscript_expression) (member_access_expression)]) @report
;;; query ruby
(call !receiver method: (identifier) @function arguments: (argument_list . (string (interpolation)) @command . )
  (#word? @function "system" "exec" "spawn" "popen") (#not-text? @command "[Ss]hellescape|Shellwords")) @report
(subshell (interpolation) @inside (#not-text? @inside "[Ss]hellescape|Shellwords")) @report
;;; query go
(call_expression function: (selector_expression operand: (identifier) @module field: (field_identifier) @function)
  arguments: (argument_list (interpreted_string_literal) @shell . (interpreted_string_literal) @flag . (_) @command . )
  (#word? @module "exec") (#word? @function "Command" "CommandContext")
  (#text? @shell "sh\"$") (#word? @flag "\"-c\"")
  (#kind? @command "binary_expression" "call_expression") (#varies? @command)) @report
;;; query java
(method_invocation object: (_) @runtime name: (identifier) @function arguments: (argument_list . (binary_expression) @command . )
  (#text? @runtime "(?i)runtime") (#word? @function "exec") (#varies? @command)) @report
;;; good python
; subprocess.run(["ls", x])
; subprocess.run("ls", shell=True)
; os.system("ls")
;;; bad python
;> os.system("ls " + x)
;> subprocess.run(f"ls {x}", shell=True)
;;; good javascript typescript tsx
; childProcess.execFile("ls", [x]); regex.exec("a" + x); childProcess.exec("ls");
;;; bad javascript typescript tsx
;> childProcess.exec("ls " + x);
;> child_process.execSync(`ls ${x}`);
;;; good php
; <?php
; system('ls'); system('ls ' . escapeshellarg($x));
;;; bad php
; <?php
;> system("ls $x");
;> $out = `ls $x`;
;;; good ruby
; system("ls", x)
; system("ls #{x.shellescape}")
;;; bad ruby
;> system("ls #{x}")
;> out = `ls #{x}`
;;; good go
; package a
; func f() { exec.Command("ls", x); exec.Command("sh", "-c", "ls") }
;;; bad go
; package a
; func f(x string) {
;>	exec.Command("sh", "-c", "ls "+x)
; }
;;; good java
; class A { void f() { new ProcessBuilder("ls", x).start(); Runtime.getRuntime().exec(new String[] {"ls", x}); } }
;;; bad java
; class A { void f(String x) {
;>  Runtime.getRuntime().exec("ls " + x);
; } }
