// What the editor of a new API begins with: a whole specification, which compiles where its realm is.
export const starter = (realm: string) => `id: com.example.hello
name: Hello
host: _
realm_uri: ${realm}
versions:
  1.0.0:
    base_path: /hello
    paths:
      /:name:
        summary: Greets somebody
        get:
          action:
            type: wamp_call
            procedure: com.example.demo.hello
            args: ["{{request.bindings.name}}"]
          response:
            on_result:
              body: "{{action.result.args |> head}}"
`;
