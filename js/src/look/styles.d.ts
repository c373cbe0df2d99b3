/** The build takes these into studio.css. */
declare module "*.css";
