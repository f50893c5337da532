/** The YAML parser. A file of its own, so that it can be required only when there is a configuration file. */
export { parse, YAMLParseError } from "yaml";
