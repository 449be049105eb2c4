; id: dangerous-deserialisation
; severity: warning
; message: Data read like this can run code of whoever wrote it: use a format that holds data alone, such as JSON.
; near: pickle|marshal|shelve|yaml|readObject|readUnshared|unserialize|Marshal|unsafe_load|BinaryFormatter|NetDataContractSerializer|LosFormatter
;;; query python
(call function: (attribute object: (identifier) @module attribute: (identifier) @function) arguments: (_) @arguments
  (#not-text? @arguments "dumps") (#word? @module "pickle" "cPickle" "_pickle" "dill" "cloudpickle" "jsonpickle" "marshal")
  (#word? @function "load" "loads" "decode" "Unpickler")) @report
(call function: (attribute object: (identifier) @module attribute: (identifier) @function) arguments: (_) @arguments
  (#word? @module "yaml") (#word? @function "load" "load_all" "unsafe_load" "unsafe_load_all" "full_load")
  (#not-text? @arguments "Safe|BaseLoader")) @report
;;; query java
(method_invocation object: (identifier) @stream name: (identifier) @function arguments: (argument_list) @arguments
  (#word? @arguments "()")
  (#text? @stream "(?i)^(ois|in|input|objectin.*|objin.*|.*objectinputstream|stream)$")
  (#word? @function "readObject" "readUnshared")
  (#not-inside? @function "lambda_expression")) @report
;;; query php
(function_call_expression function: (name) @function arguments: (arguments . (argument (_) @data)) @arguments
  (#text? @function "(?i)^unserialize$") (#varies? @data) (#not-text? @arguments "allowed_classes")) @report
;;; query ruby
(call receiver: (constant) @module method: (identifier) @function arguments: (argument_list . (_) @data)
  (#word? @module "Marshal") (#word? @function "load" "restore") (#not-text? @data "^Marshal\\.dump")) @report
(call receiver: (constant) @module method: (identifier) @function
  (#word? @module "YAML" "Psych") (#word? @function "unsafe_load" "unsafe_load_file")) @report
;;; query csharp
(object_creation_expression type: (identifier) @type
  (#word? @type "BinaryFormatter" "NetDataContractSerializer" "LosFormatter" "SoapFormatter")) @report
;;; good python
; json.loads(data)
; yaml.safe_load(data)
; yaml.load(data, Loader=yaml.SafeLoader)
; copy = pickle.loads(pickle.dumps(x))
;;; bad python
;> pickle.loads(data)
;> yaml.load(data)
;;; good java
; class A { void f() { mapper.readValue(data, B.class); in.readLine(); } }
;;; bad java
; class A { void f(ObjectInputStream ois) {
;>  B b = (B) ois.readObject();
; } }
;;; good php
; <?php
; json_decode($data); unserialize($data, ['allowed_classes' => false]);
;;; bad php
; <?php
;> unserialize($_COOKIE['cart']);
;;; good ruby
; JSON.parse(data)
; copy = Marshal.load(Marshal.dump(x))
;;; bad ruby
;> Marshal.load(data)
;> YAML.unsafe_load(data)
;;; good csharp
; class A { void F() { JsonSerializer.Deserialize<B>(data); } }
;;; bad csharp
; class A { void F() {
;>  var b = new BinaryFormatter().Deserialize(stream);
; } }
