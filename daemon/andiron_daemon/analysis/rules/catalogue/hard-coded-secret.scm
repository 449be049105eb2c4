; id: hard-coded-secret
; severity: warning
; message: This looks like a real password, token or key: whoever reads the code has it. Take it from the environment or a secret store, and change it.
; near: (?i)passw(or)?d|passphrase|secret|api[_-]?key|auth[_-]?token|access[_-]?(token|key)|private[_-]?key|AKIA|ASIA[0-9A-Z]|gh[pousr]_|github_pat_|glpat-|k_live_|xox[abprs]-|AIza|npm_|\bSG\.
;;; query python
((string) @report
  (#text? @report "(AKIA|ASIA)[0-9A-Z]{16}\\b|\\bgh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{60}|\\bglpat-[A-Za-z0-9_-]{20}|\\b[rs]k_live_[A-Za-z0-9]{20}|\\bxox[abprs]-[A-Za-z0-9-]{20}|\\bAIza[0-9A-Za-z_-]{35}|\\bnpm_[A-Za-z0-9]{36}|\\bSG\\.[A-Za-z0-9_-]{22}\\.|-----BEGIN ([A-Z]+ )?PRIVATE KEY-----\\s*(\\\\[rn]|[A-Za-z0-9+/]{20})")
  (#not-text? @report "EXAMPLE|XXXX|1234567890"))
(assignment left: (_) @name right: (string) @report
  (#text? @name "(?i)(passw(or)?d|passphrase|secret|api[_-]?key|auth[_-]?token|access[_-]?(token|key)|private[_-]?key|client[_-]?secret)[\"']?$")
  (#not-text? @name "::|\\s")
  (#secret? @report))
(keyword_argument name: (_) @name value: (string) @report
  (#text? @name "(?i)(passw(or)?d|passphrase|secret|api[_-]?key|auth[_-]?token|access[_-]?(token|key)|private[_-]?key|client[_-]?secret)[\"']?$")
  (#not-text? @name "::|\\s")
  (#secret? @report))
(pair key: (string) @name value: (string) @report
  (#text? @name "(?i)(passw(or)?d|passphrase|secret|api[_-]?key|auth[_-]?token|access[_-]?(token|key)|private[_-]?key|client[_-]?secret)[\"']?$")
  (#not-text? @name "::|\\s")
  (#secret? @report))
(default_parameter name: (_) @name value: (string) @report
  (#text? @name "(?i)(passw(or)?d|passphrase|secret|api[_-]?key|auth[_-]?token|access[_-]?(token|key)|private[_-]?key|client[_-]?secret)[\"']?$")
  (#not-text? @name "::|\\s")
  (#secret? @report))
;;; query javascript typescript tsx
([(string) (template_string)] @report
  (#text? @report "(AKIA|ASIA)[0-9A-Z]{16}\\b|\\bgh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{60}|\\bglpat-[A-Za-z0-9_-]{20}|\\b[rs]k_live_[A-Za-z0-9]{20}|\\bxox[abprs]-[A-Za-z0-9-]{20}|\\bAIza[0-9A-Za-z_-]{35}|\\bnpm_[A-Za-z0-9]{36}|\\bSG\\.[A-Za-z0-9_-]{22}\\.|-----BEGIN ([A-Z]+ )?PRIVATE KEY-----\\s*(\\\\[rn]|[A-Za-z0-9+/]{20})")
  (#not-text? @report "EXAMPLE|XXXX|1234567890"))
(variable_declarator name: (_) @name value: (string) @report
  (#text? @name "(?i)(passw(or)?d|passphrase|secret|api[_-]?key|auth[_-]?token|access[_-]?(token|key)|private[_-]?key|client[_-]?secret)[\"']?$")
  (#not-text? @name "::|\\s")
  (#secret? @report))
(assignment_expression left: (_) @name right: (string) @report
  (#text? @name "(?i)(passw(or)?d|passphrase|secret|api[_-]?key|auth[_-]?token|access[_-]?(token|key)|private[_-]?key|client[_-]?secret)[\"']?$")
  (#not-text? @name "::|\\s")
  (#secret? @report))
(pair key: (_) @name value: (string) @report
  (#text? @name "(?i)(passw(or)?d|passphrase|secret|api[_-]?key|auth[_-]?token|access[_-]?(token|key)|private[_-]?key|client[_-]?secret)[\"']?$")
  (#not-text? @name "::|\\s")
  (#secret? @report))
;;; query java
((string_literal) @report
  (#text? @report "(AKIA|ASIA)[0-9A-Z]{16}\\b|\\bgh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{60}|\\bglpat-[A-Za-z0-9_-]{20}|\\b[rs]k_live_[A-Za-z0-9]{20}|\\bxox[abprs]-[A-Za-z0-9-]{20}|\\bAIza[0-9A-Za-z_-]{35}|\\bnpm_[A-Za-z0-9]{36}|\\bSG\\.[A-Za-z0-9_-]{22}\\.|-----BEGIN ([A-Z]+ )?PRIVATE KEY-----\\s*(\\\\[rn]|[A-Za-z0-9+/]{20})")
  (#not-text? @report "EXAMPLE|XXXX|1234567890"))
(variable_declarator name: (_) @name value: (string_literal) @report
  (#text? @name "(?i)(passw(or)?d|passphrase|secret|api[_-]?key|auth[_-]?token|access[_-]?(token|key)|private[_-]?key|client[_-]?secret)[\"']?$")
  (#not-text? @name "::|\\s")
  (#secret? @report))
(assignment_expression left: (_) @name right: (string_literal) @report
  (#text? @name "(?i)(passw(or)?d|passphrase|secret|api[_-]?key|auth[_-]?token|access[_-]?(token|key)|private[_-]?key|client[_-]?secret)[\"']?$")
  (#not-text? @name "::|\\s")
  (#secret? @report))
;;; query csharp
([(string_literal) (verbatim_string_literal)] @report
  (#text? @report "(AKIA|ASIA)[0-9A-Z]{16}\\b|\\bgh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{60}|\\bglpat-[A-Za-z0-9_-]{20}|\\b[rs]k_live_[A-Za-z0-9]{20}|\\bxox[abprs]-[A-Za-z0-9-]{20}|\\bAIza[0-9A-Za-z_-]{35}|\\bnpm_[A-Za-z0-9]{36}|\\bSG\\.[A-Za-z0-9_-]{22}\\.|-----BEGIN ([A-Z]+ )?PRIVATE KEY-----\\s*(\\\\[rn]|[A-Za-z0-9+/]{20})")
  (#not-text? @report "EXAMPLE|XXXX|1234567890"))
(variable_declarator name: (_) @name (string_literal) @report
  (#text? @name "(?i)(passw(or)?d|passphrase|secret|api[_-]?key|auth[_-]?token|access[_-]?(token|key)|private[_-]?key|client[_-]?secret)[\"']?$")
  (#not-text? @name "::|\\s")
  (#secret? @report))
(assignment_expression left: (_) @name right: (string_literal) @report
  (#text? @name "(?i)(passw(or)?d|passphrase|secret|api[_-]?key|auth[_-]?token|access[_-]?(token|key)|private[_-]?key|client[_-]?secret)[\"']?$")
  (#not-text? @name "::|\\s")
  (#secret? @report))
;;; query go
([(interpreted_string_literal) (raw_string_literal)] @report
  (#text? @report "(AKIA|ASIA)[0-9A-Z]{16}\\b|\\bgh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{60}|\\bglpat-[A-Za-z0-9_-]{20}|\\b[rs]k_live_[A-Za-z0-9]{20}|\\bxox[abprs]-[A-Za-z0-9-]{20}|\\bAIza[0-9A-Za-z_-]{35}|\\bnpm_[A-Za-z0-9]{36}|\\bSG\\.[A-Za-z0-9_-]{22}\\.|-----BEGIN ([A-Z]+ )?PRIVATE KEY-----\\s*(\\\\[rn]|[A-Za-z0-9+/]{20})")
  (#not-text? @report "EXAMPLE|XXXX|1234567890"))
(const_spec name: (_) @name value: (expression_list . (interpreted_string_literal) @report . )
  (#text? @name "(?i)(passw(or)?d|passphrase|secret|api[_-]?key|auth[_-]?token|access[_-]?(token|key)|private[_-]?key|client[_-]?secret)[\"']?$")
  (#not-text? @name "::|\\s")
  (#secret? @report))
(var_spec name: (_) @name value: (expression_list . (interpreted_string_literal) @report . )
  (#text? @name "(?i)(passw(or)?d|passphrase|secret|api[_-]?key|auth[_-]?token|access[_-]?(token|key)|private[_-]?key|client[_-]?secret)[\"']?$")
  (#not-text? @name "::|\\s")
  (#secret? @report))
(short_var_declaration left: (expression_list . (_) @name . ) right: (expression_list . (interpreted_string_literal) @report . )
  (#text? @name "(?i)(passw(or)?d|passphrase|secret|api[_-]?key|auth[_-]?token|access[_-]?(token|key)|private[_-]?key|client[_-]?secret)[\"']?$")
  (#not-text? @name "::|\\s")
  (#secret? @report))
(assignment_statement left: (expression_list . (_) @name . ) right: (expression_list . (interpreted_string_literal) @report . )
  (#text? @name "(?i)(passw(or)?d|passphrase|secret|api[_-]?key|auth[_-]?token|access[_-]?(token|key)|private[_-]?key|client[_-]?secret)[\"']?$")
  (#not-text? @name "::|\\s")
  (#secret? @report))
(keyed_element key: (_) @name value: (literal_element (interpreted_string_literal) @report)
  (#text? @name "(?i)(passw(or)?d|passphrase|secret|api[_-]?key|auth[_-]?token|access[_-]?(token|key)|private[_-]?key|client[_-]?secret)[\"']?$")
  (#not-text? @name "::|\\s")
  (#secret? @report))
;;; query php
([(string) (encapsed_string) (heredoc)] @report
  (#text? @report "(AKIA|ASIA)[0-9A-Z]{16}\\b|\\bgh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{60}|\\bglpat-[A-Za-z0-9_-]{20}|\\b[rs]k_live_[A-Za-z0-9]{20}|\\bxox[abprs]-[A-Za-z0-9-]{20}|\\bAIza[0-9A-Za-z_-]{35}|\\bnpm_[A-Za-z0-9]{36}|\\bSG\\.[A-Za-z0-9_-]{22}\\.|-----BEGIN ([A-Z]+ )?PRIVATE KEY-----\\s*(\\\\[rn]|[A-Za-z0-9+/]{20})")
  (#not-text? @report "EXAMPLE|XXXX|1234567890"))
(assignment_expression left: (_) @name right: [(string) (encapsed_string)] @report
  (#text? @name "(?i)(passw(or)?d|passphrase|secret|api[_-]?key|auth[_-]?token|access[_-]?(token|key)|private[_-]?key|client[_-]?secret)[\"']?$")
  (#not-text? @name "::|\\s")
  (#secret? @report))
(array_element_initializer . (string) @name . [(string) (encapsed_string)] @report
  (#text? @name "(?i)(passw(or)?d|passphrase|secret|api[_-]?key|auth[_-]?token|access[_-]?(token|key)|private[_-]?key|client[_-]?secret)[\"']?$")
  (#not-text? @name "::|\\s")
  (#secret? @report))
(const_element . (name) @name . [(string) (encapsed_string)] @report
  (#text? @name "(?i)(passw(or)?d|passphrase|secret|api[_-]?key|auth[_-]?token|access[_-]?(token|key)|private[_-]?key|client[_-]?secret)[\"']?$")
  (#not-text? @name "::|\\s")
  (#secret? @report))
(property_element name: (_) @name default_value: [(string) (encapsed_string)] @report
  (#text? @name "(?i)(passw(or)?d|passphrase|secret|api[_-]?key|auth[_-]?token|access[_-]?(token|key)|private[_-]?key|client[_-]?secret)[\"']?$")
  (#not-text? @name "::|\\s")
  (#secret? @report))
;;; query ruby
((string) @report
  (#text? @report "(AKIA|ASIA)[0-9A-Z]{16}\\b|\\bgh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{60}|\\bglpat-[A-Za-z0-9_-]{20}|\\b[rs]k_live_[A-Za-z0-9]{20}|\\bxox[abprs]-[A-Za-z0-9-]{20}|\\bAIza[0-9A-Za-z_-]{35}|\\bnpm_[A-Za-z0-9]{36}|\\bSG\\.[A-Za-z0-9_-]{22}\\.|-----BEGIN ([A-Z]+ )?PRIVATE KEY-----\\s*(\\\\[rn]|[A-Za-z0-9+/]{20})")
  (#not-text? @report "EXAMPLE|XXXX|1234567890"))
(assignment left: (_) @name right: (string) @report
  (#text? @name "(?i)(passw(or)?d|passphrase|secret|api[_-]?key|auth[_-]?token|access[_-]?(token|key)|private[_-]?key|client[_-]?secret)[\"']?$")
  (#not-text? @name "::|\\s")
  (#secret? @report))
(pair key: (_) @name value: (string) @report
  (#text? @name "(?i)(passw(or)?d|passphrase|secret|api[_-]?key|auth[_-]?token|access[_-]?(token|key)|private[_-]?key|client[_-]?secret)[\"']?$")
  (#not-text? @name "::|\\s")
  (#secret? @report))
;;; query rust
([(string_literal) (raw_string_literal)] @report
  (#text? @report "(AKIA|ASIA)[0-9A-Z]{16}\\b|\\bgh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{60}|\\bglpat-[A-Za-z0-9_-]{20}|\\b[rs]k_live_[A-Za-z0-9]{20}|\\bxox[abprs]-[A-Za-z0-9-]{20}|\\bAIza[0-9A-Za-z_-]{35}|\\bnpm_[A-Za-z0-9]{36}|\\bSG\\.[A-Za-z0-9_-]{22}\\.|-----BEGIN ([A-Z]+ )?PRIVATE KEY-----\\s*(\\\\[rn]|[A-Za-z0-9+/]{20})")
  (#not-text? @report "EXAMPLE|XXXX|1234567890"))
(let_declaration pattern: (_) @name value: (string_literal) @report
  (#text? @name "(?i)(passw(or)?d|passphrase|secret|api[_-]?key|auth[_-]?token|access[_-]?(token|key)|private[_-]?key|client[_-]?secret)[\"']?$")
  (#not-text? @name "::|\\s")
  (#secret? @report))
(const_item name: (_) @name value: (string_literal) @report
  (#text? @name "(?i)(passw(or)?d|passphrase|secret|api[_-]?key|auth[_-]?token|access[_-]?(token|key)|private[_-]?key|client[_-]?secret)[\"']?$")
  (#not-text? @name "::|\\s")
  (#secret? @report))
(static_item name: (_) @name value: (string_literal) @report
  (#text? @name "(?i)(passw(or)?d|passphrase|secret|api[_-]?key|auth[_-]?token|access[_-]?(token|key)|private[_-]?key|client[_-]?secret)[\"']?$")
  (#not-text? @name "::|\\s")
  (#secret? @report))
(field_initializer field: (_) @name value: (string_literal) @report
  (#text? @name "(?i)(passw(or)?d|passphrase|secret|api[_-]?key|auth[_-]?token|access[_-]?(token|key)|private[_-]?key|client[_-]?secret)[\"']?$")
  (#not-text? @name "::|\\s")
  (#secret? @report))
;;; query c cpp
((string_literal) @report
  (#text? @report "(AKIA|ASIA)[0-9A-Z]{16}\\b|\\bgh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{60}|\\bglpat-[A-Za-z0-9_-]{20}|\\b[rs]k_live_[A-Za-z0-9]{20}|\\bxox[abprs]-[A-Za-z0-9-]{20}|\\bAIza[0-9A-Za-z_-]{35}|\\bnpm_[A-Za-z0-9]{36}|\\bSG\\.[A-Za-z0-9_-]{22}\\.|-----BEGIN ([A-Z]+ )?PRIVATE KEY-----\\s*(\\\\[rn]|[A-Za-z0-9+/]{20})")
  (#not-text? @report "EXAMPLE|XXXX|1234567890"))
(init_declarator declarator: (_) @name value: (string_literal) @report
  (#text? @name "(?i)(passw(or)?d|passphrase|secret|api[_-]?key|auth[_-]?token|access[_-]?(token|key)|private[_-]?key|client[_-]?secret)[\"']?$")
  (#not-text? @name "::|\\s")
  (#secret? @report))
(assignment_expression left: (_) @name right: (string_literal) @report
  (#text? @name "(?i)(passw(or)?d|passphrase|secret|api[_-]?key|auth[_-]?token|access[_-]?(token|key)|private[_-]?key|client[_-]?secret)[\"']?$")
  (#not-text? @name "::|\\s")
  (#secret? @report))
;;; query kotlin
((string_literal) @report
  (#text? @report "(AKIA|ASIA)[0-9A-Z]{16}\\b|\\bgh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{60}|\\bglpat-[A-Za-z0-9_-]{20}|\\b[rs]k_live_[A-Za-z0-9]{20}|\\bxox[abprs]-[A-Za-z0-9-]{20}|\\bAIza[0-9A-Za-z_-]{35}|\\bnpm_[A-Za-z0-9]{36}|\\bSG\\.[A-Za-z0-9_-]{22}\\.|-----BEGIN ([A-Z]+ )?PRIVATE KEY-----\\s*(\\\\[rn]|[A-Za-z0-9+/]{20})")
  (#not-text? @report "EXAMPLE|XXXX|1234567890"))
(property_declaration (variable_declaration (identifier) @name) (string_literal) @report
  (#text? @name "(?i)(passw(or)?d|passphrase|secret|api[_-]?key|auth[_-]?token|access[_-]?(token|key)|private[_-]?key|client[_-]?secret)[\"']?$")
  (#not-text? @name "::|\\s")
  (#secret? @report))
;;; query swift
((line_string_literal) @report
  (#text? @report "(AKIA|ASIA)[0-9A-Z]{16}\\b|\\bgh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{60}|\\bglpat-[A-Za-z0-9_-]{20}|\\b[rs]k_live_[A-Za-z0-9]{20}|\\bxox[abprs]-[A-Za-z0-9-]{20}|\\bAIza[0-9A-Za-z_-]{35}|\\bnpm_[A-Za-z0-9]{36}|\\bSG\\.[A-Za-z0-9_-]{22}\\.|-----BEGIN ([A-Z]+ )?PRIVATE KEY-----\\s*(\\\\[rn]|[A-Za-z0-9+/]{20})")
  (#not-text? @report "EXAMPLE|XXXX|1234567890"))
(property_declaration name: (pattern (simple_identifier) @name) value: (line_string_literal) @report
  (#text? @name "(?i)(passw(or)?d|passphrase|secret|api[_-]?key|auth[_-]?token|access[_-]?(token|key)|private[_-]?key|client[_-]?secret)[\"']?$")
  (#not-text? @name "::|\\s")
  (#secret? @report))
;;; query bash
([(string) (raw_string) (word)] @report
  (#text? @report "(AKIA|ASIA)[0-9A-Z]{16}\\b|\\bgh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{60}|\\bglpat-[A-Za-z0-9_-]{20}|\\b[rs]k_live_[A-Za-z0-9]{20}|\\bxox[abprs]-[A-Za-z0-9-]{20}|\\bAIza[0-9A-Za-z_-]{35}|\\bnpm_[A-Za-z0-9]{36}|\\bSG\\.[A-Za-z0-9_-]{22}\\.|-----BEGIN ([A-Z]+ )?PRIVATE KEY-----\\s*(\\\\[rn]|[A-Za-z0-9+/]{20})")
  (#not-text? @report "EXAMPLE|XXXX|1234567890"))
(variable_assignment name: (_) @name value: [(string) (raw_string) (word)] @report
  (#text? @name "(?i)(passw(or)?d|passphrase|secret|api[_-]?key|auth[_-]?token|access[_-]?(token|key)|private[_-]?key|client[_-]?secret)[\"']?$")
  (#not-text? @name "::|\\s")
  (#secret? @report))
;;; query yaml
([(double_quote_scalar) (single_quote_scalar) (plain_scalar) (block_scalar)] @report
  (#text? @report "(AKIA|ASIA)[0-9A-Z]{16}\\b|\\bgh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{60}|\\bglpat-[A-Za-z0-9_-]{20}|\\b[rs]k_live_[A-Za-z0-9]{20}|\\bxox[abprs]-[A-Za-z0-9-]{20}|\\bAIza[0-9A-Za-z_-]{35}|\\bnpm_[A-Za-z0-9]{36}|\\bSG\\.[A-Za-z0-9_-]{22}\\.|-----BEGIN ([A-Z]+ )?PRIVATE KEY-----\\s*(\\\\[rn]|[A-Za-z0-9+/]{20})")
  (#not-text? @report "EXAMPLE|XXXX|1234567890"))
(block_mapping_pair key: (flow_node) @name value: (flow_node [(double_quote_scalar) (single_quote_scalar) (plain_scalar)] @report)
  (#text? @name "(?i)(passw(or)?d|passphrase|secret|api[_-]?key|auth[_-]?token|access[_-]?(token|key)|private[_-]?key|client[_-]?secret)[\"']?$")
  (#not-text? @name "::|\\s")
  (#secret? @report))
;;; query json
((string) @report
  (#text? @report "(AKIA|ASIA)[0-9A-Z]{16}\\b|\\bgh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{60}|\\bglpat-[A-Za-z0-9_-]{20}|\\b[rs]k_live_[A-Za-z0-9]{20}|\\bxox[abprs]-[A-Za-z0-9-]{20}|\\bAIza[0-9A-Za-z_-]{35}|\\bnpm_[A-Za-z0-9]{36}|\\bSG\\.[A-Za-z0-9_-]{22}\\.|-----BEGIN ([A-Z]+ )?PRIVATE KEY-----\\s*(\\\\[rn]|[A-Za-z0-9+/]{20})")
  (#not-text? @report "EXAMPLE|XXXX|1234567890"))
(pair key: (string) @name value: (string) @report
  (#text? @name "(?i)(passw(or)?d|passphrase|secret|api[_-]?key|auth[_-]?token|access[_-]?(token|key)|private[_-]?key|client[_-]?secret)[\"']?$")
  (#not-text? @name "::|\\s")
  (#secret? @report))
;;; good python
; password = os.environ["PASSWORD"]
; password = "change-me"
; login(password="")
; TOKEN_URL = "https://example.org/token"
; key = "user.password.reset"
;;; bad python
;> password = "hR7-kq92Lm!x"
;> key_id = "AKIAIOSFODNN7QWERTYU"
;> connect(api_key="9f8b2c7d1e4a6f30b5c8")
;;; good javascript typescript tsx
; const password = process.env.PASSWORD;
; const messages = { password: "Your password, please" };
;;; bad javascript typescript tsx
;> const apiKey = "9f8b2c7d1e4a6f30b5c8";
;> const options = { password: "hR7-kq92Lm!x" };
;;; good java
; class A { String password = System.getenv("PASSWORD"); String PASSWORD_FIELD_SECRET = "user.secret"; }
;;; bad java
; class A {
;>   String password = "hR7-kq92Lm!x"; }
;;; good csharp
; class A { string password = Read("PASSWORD"); }
;;; bad csharp
; class A {
;>   string password = "hR7-kq92Lm!x"; }
;;; good go
; package a
; const password = ""
; var secret = os.Getenv("SECRET")
;;; bad go
; package a
;> const apiKey = "9f8b2c7d1e4a6f30b5c8"
;;; good php
; <?php
; $password = getenv('PASSWORD'); $labels = ['password' => 'Password'];
;;; bad php
; <?php
;> $password = 'hR7-kq92Lm!x';
;;; good ruby
; password = ENV["PASSWORD"]
;;; bad ruby
;> password = "hR7-kq92Lm!x"
;;; good rust
; fn f() { let password = env::var("PASSWORD"); }
;;; bad rust
;> const API_KEY: &str = "9f8b2c7d1e4a6f30b5c8";
;;; good c cpp
; const char *password = NULL;
;;; bad c cpp
;> const char *password = "hR7-kq92Lm!x";
;;; good kotlin
; val password = System.getenv("PASSWORD")
;;; bad kotlin
;> val password = "hR7-kq92Lm!x"
;;; good swift
; let password = read("PASSWORD")
;;; bad swift
;> let password = "hR7-kq92Lm!x"
;;; good bash
; PASSWORD="$1"
; API_KEY=$(cat key)
;;; bad bash
;> API_KEY=9f8b2c7d1e4a6f30b5c8
;;; good yaml
; password: ${PASSWORD}
; secret: my-secret-name
;;; bad yaml
;> password: hR7-kq92Lm!x
;;; good json
; {"password": "string", "token": ""}
;;; bad json
; {
;>   "password": "hR7-kq92Lm!x"}
