; id: download-run-by-shell
; severity: warning
; message: What comes over the network is run as it comes: save it, check it, then run it.
; near: \b(curl|wget)\b
;;; query bash
(pipeline . (command name: (command_name) @program) (command name: (command_name) @shell) @command .
  (#word? @program "curl" "wget") (#text? @command "^(sudo\\s+(-\\w+\\s+)*)?(/bin/)?(ba|z|da|k)?sh(\\s|$)")) @report
(command name: (command_name) @shell argument: (string (command_substitution (command name: (command_name) @program)))
  (#text? @shell "^(ba|z|da|k)?sh$") (#word? @program "curl" "wget")) @report
;;; good bash
; curl -o x.tar.gz https://example.org/x.tar.gz
; curl https://example.org | tar xz
;;; bad bash
;> curl https://example.org/install | sudo sh
;> bash -c "$(curl -fsSL https://example.org/install)"
