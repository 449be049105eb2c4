; id: tls-verification-off
; severity: warning
; message: The other side's certificate is not checked, so that anyone in between can read and change what is sent.
; near: verify|CERT_NONE|_create_unverified_context|rejectUnauthorized|NODE_TLS_REJECT_UNAUTHORIZED|InsecureSkipVerify|SSL_VERIFY|VERIFY_NONE|CertificateValidationCallback|danger_accept_invalid|insecure|no-check-certificate|\bcurl\b|sslVerify|StrictHostKeyChecking
;;; query python
(call function: (attribute object: (identifier) @module attribute: (identifier) @function)
  arguments: (argument_list (keyword_argument name: (identifier) @name value: (false)))
  (#word? @module "requests" "httpx" "session" "client") (#word? @name "verify")
  (#word? @function "get" "post" "put" "patch" "delete" "head" "options" "request" "Client" "AsyncClient" "stream" "Session")) @report
(call function: (attribute object: (identifier) @module attribute: (identifier) @function)
  (#word? @module "ssl") (#word? @function "_create_unverified_context")) @report
;;; query javascript typescript tsx
(pair key: (property_identifier) @name value: (false) (#word? @name "rejectUnauthorized" "strictSSL")) @report
(assignment_expression left: (member_expression property: (property_identifier) @name) right: [(string) (number)] @value
  (#word? @name "NODE_TLS_REJECT_UNAUTHORIZED") (#text? @value "^[\"']?0[\"']?$")) @report
;;; query go
(keyed_element key: (literal_element (identifier) @name) value: (literal_element (true))
  (#word? @name "InsecureSkipVerify")) @report
;;; query php
(function_call_expression function: (name) @function
  arguments: (arguments (argument (name) @name) . (argument [(boolean) (integer)] @value))
  (#word? @function "curl_setopt") (#word? @name "CURLOPT_SSL_VERIFYPEER" "CURLOPT_SSL_VERIFYHOST")
  (#text? @value "(?i)^(false|0)$")) @report
;;; query ruby
(assignment left: (call method: (identifier) @name) right: (scope_resolution name: (constant) @value)
  (#word? @name "verify_mode") (#word? @value "VERIFY_NONE")) @report
;;; query csharp
(assignment_expression left: (_) @name right: (lambda_expression body: (boolean_literal) @value)
  (#text? @name "CertificateValidationCallback$") (#word? @value "true")) @report
;;; query rust
(call_expression function: (field_expression field: (field_identifier) @function) arguments: (arguments (boolean_literal) @value)
  (#word? @function "danger_accept_invalid_certs" "danger_accept_invalid_hostnames") (#word? @value "true")) @report
;;; query c cpp
(call_expression function: (identifier) @function arguments: (argument_list (identifier) @name . (_) @value . )
  (#word? @function "curl_easy_setopt") (#word? @name "CURLOPT_SSL_VERIFYPEER" "CURLOPT_SSL_VERIFYHOST")
  (#text? @value "^(0L?|false|FALSE)$")) @report
;;; query bash
(command name: (command_name) @program argument: (word) @option
  (#word? @program "curl") (#word? @option "-k" "--insecure")) @report
(command name: (command_name) @program argument: (word) @option
  (#word? @program "wget") (#word? @option "--no-check-certificate")) @report
;;; good python
; requests.get(url, verify="ca.pem")
; jwt.decode(token, verify=False)
;;; bad python
;> requests.get(url, verify=False)
;> context = ssl._create_unverified_context()
;;; good javascript typescript tsx
; https.get({ rejectUnauthorized: true });
;;; bad javascript typescript tsx
;> https.get({ rejectUnauthorized: false });
;> process.env.NODE_TLS_REJECT_UNAUTHORIZED = "0";
;;; good go
; package a
; var c = &tls.Config{InsecureSkipVerify: false}
;;; bad go
; package a
;> var c = &tls.Config{InsecureSkipVerify: true}
;;; good php
; <?php
; curl_setopt($c, CURLOPT_SSL_VERIFYPEER, true);
;;; bad php
; <?php
;> curl_setopt($c, CURLOPT_SSL_VERIFYPEER, false);
;;; good ruby
; http.verify_mode = OpenSSL::SSL::VERIFY_PEER
;;; bad ruby
;> http.verify_mode = OpenSSL::SSL::VERIFY_NONE
;;; good csharp
; class A { void F() { h.ServerCertificateCustomValidationCallback = (a, b, c, d) => Check(b); } }
;;; bad csharp
; class A { void F() {
;>  ServicePointManager.ServerCertificateValidationCallback = (a, b, c, d) => true;
; } }
;;; good rust
; fn f() { let c = Client::builder().danger_accept_invalid_certs(false); }
;;; bad rust
; fn f() {
;>    let c = Client::builder().danger_accept_invalid_certs(true);
; }
;;; good c cpp
; void f(void) { curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L); }
;;; bad c cpp
; void f(void) {
;>  curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 0L);
; }
;;; good bash
; curl --fail https://example.org/x
;;; bad bash
;> curl -k https://example.org/x
;> wget --no-check-certificate https://example.org/x
