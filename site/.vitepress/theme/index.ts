// Without the theme's own font: a reader's system has one.
import Theme from "vitepress/theme-without-fonts";
import "./style.css";

export default Theme;
