// The `prepack` script of every package folder: their manifests point at sources, so a tarball of one would be broken.
process.stderr.write("This folder cannot be packed or published as it is. Run `npm run pack` at the root instead.\n");
process.exitCode = 1;
