; id: weak-password-hash
; severity: warning
; message: This hash is made to be quick, so that passwords can be guessed from it: use one made for them, such as argon2, scrypt or bcrypt.
; near: (?i)\b(md5|sha_?1|sha_?256|createHash)
;;; query python
(call function: (attribute object: (identifier) @module attribute: (identifier) @function) arguments: (argument_list . (_) @data)
  (#word? @module "hashlib") (#word? @function "md5" "sha1" "sha256" "sha512")
  (#text? @data "(?i)passw(or)?d|passphrase")) @report
;;; query javascript typescript tsx
(call_expression
  function: (member_expression
    object: (call_expression function: (_) @function arguments: (arguments . (string) @algorithm))
    property: (property_identifier) @method)
  arguments: (arguments . (_) @data)
  (#text? @function "createHash$") (#text? @algorithm "(?i)md5|sha-?1|sha-?256|sha-?512") (#word? @method "update")
  (#text? @data "(?i)passw(or)?d|passphrase")) @report
;;; query php
(function_call_expression function: (name) @function arguments: (arguments . (argument (_) @data))
  (#text? @function "(?i)^(md5|sha1)$") (#text? @data "(?i)passw(or)?d|passphrase")) @report
;;; query ruby
(call receiver: (scope_resolution name: (constant) @algorithm) method: (identifier) @function
  arguments: (argument_list . (_) @data)
  (#word? @algorithm "MD5" "SHA1" "SHA256") (#word? @function "hexdigest" "digest" "base64digest")
  (#text? @data "(?i)passw(or)?d|passphrase")) @report
;;; query go
(call_expression function: (selector_expression operand: (identifier) @module field: (field_identifier) @function)
  arguments: (argument_list . (_) @data)
  (#word? @module "md5" "sha1" "sha256") (#text? @function "^Sum") (#text? @data "(?i)passw(or)?d|passphrase")) @report
;;; good python
; hashlib.sha256(data)
; hashlib.scrypt(password, salt=salt, n=2, r=8, p=1)
;;; bad python
;> hashlib.md5(password.encode()).hexdigest()
;;; good javascript typescript tsx
; crypto.createHash("sha256").update(file); crypto.scryptSync(password, salt, 64);
;;; bad javascript typescript tsx
;> crypto.createHash("md5").update(password);
;;; good php
; <?php
; md5($file); password_hash($password, PASSWORD_DEFAULT);
;;; bad php
; <?php
;> $hash = md5($password);
;;; good ruby
; Digest::MD5.hexdigest(file)
;;; bad ruby
;> Digest::MD5.hexdigest(password)
;;; good go
; package a
; func f() { md5.Sum(data); bcrypt.GenerateFromPassword(password, 10) }
;;; bad go
; package a
; func f() {
;>	md5.Sum([]byte(password))
; }
