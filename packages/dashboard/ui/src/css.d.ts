/** A style sheet: the bundler puts it into `app.css`. */
declare module "*.css";
