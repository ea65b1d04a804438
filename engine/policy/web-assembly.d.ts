// The part of the WebAssembly JavaScript interface that is used here; Node has it, but neither its types
// nor the language's own declare it without those of a browser.
declare namespace WebAssembly {
  function validate(bytes: Uint8Array): boolean
  class Module {
    constructor(bytes: Uint8Array)
  }
  class Memory {
    readonly buffer: ArrayBuffer
  }
  class Global {
    value: number
  }
}
