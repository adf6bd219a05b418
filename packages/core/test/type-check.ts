import { join } from "node:path";
import ts from "typescript";

/** What the compiler says of a module that lies beside the sources in `src/types`. */
export interface TypeCheck {
  /** The messages, with what each goes back to on further lines. */
  readonly errors: readonly string[];
  /** How many types it has instantiated: its work, whatever the machine. */
  readonly instantiations: number;
}

const folder = join(import.meta.dirname, "../src/types");
const file = join(folder, "checked.generated.ts");

/** Parsed and bound once: the library's own sources, those of the language and of zod are most of the work. */
const sources = new Map<string, ts.SourceFile | undefined>();

/** Checks the text of a module as the sources are checked, except that its exports need no annotations. */
export function checkTypes(text: string): TypeCheck {
  const config = ts.getParsedCommandLineOfConfigFile(
    join(folder, "../../tsconfig.src.json"),
    {},
    { ...ts.sys, onUnRecoverableConfigFileDiagnostic: () => {} },
  );
  const options: ts.CompilerOptions = {
    ...config?.options,
    noEmit: true,
    isolatedDeclarations: false,
    declaration: false,
  };
  const host = ts.createCompilerHost(options);
  const generated = ts.createSourceFile(file, text, ts.ScriptTarget.ES2023);
  const { fileExists, getSourceFile, readFile } = host;
  host.fileExists = (name) => name === file || fileExists(name);
  host.readFile = (name) => (name === file ? generated.text : readFile(name));
  host.getSourceFile = (name, ...rest) => {
    if (name === file) return generated;
    if (!sources.has(name)) sources.set(name, getSourceFile(name, ...rest));
    return sources.get(name);
  };
  const program = ts.createProgram([file], options, host);
  return {
    errors: program
      .getSemanticDiagnostics(program.getSourceFile(file))
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n")),
    instantiations: program.getInstantiationCount(),
  };
}
