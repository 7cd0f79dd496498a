/** What the unpacked Chromium writes with: the same on every machine, so that its pictures are. */

/** Lato for text, Liberation for what asks for Arial and its like, DejaVu for code and signs. */
export const FONT_PACKAGES = [
  'fonts-lato',
  'fonts-liberation',
  'fonts-dejavu-core',
  'fonts-wqy-microhei',
  'fonts-noto-color-emoji',
] as const;

const FOR_ALL = ['WenQuanYi Micro Hei', 'DejaVu Sans', 'Noto Color Emoji'];

/** What Chromium may ask for → what it gets, best first. It asks for `sans` where a page says system-ui. */
const FAMILIES: Readonly<Record<string, readonly string[]>> = {
  sans: ['Lato', ...FOR_ALL],
  'sans-serif': ['Lato', ...FOR_ALL],
  'system-ui': ['Lato', ...FOR_ALL],
  serif: ['Liberation Serif', ...FOR_ALL],
  monospace: ['DejaVu Sans Mono', 'WenQuanYi Micro Hei Mono', ...FOR_ALL],
  Arial: ['Liberation Sans', ...FOR_ALL],
  Helvetica: ['Liberation Sans', ...FOR_ALL],
  'Times New Roman': ['Liberation Serif', ...FOR_ALL],
  'Courier New': ['Liberation Mono', ...FOR_ALL],
  emoji: ['Noto Color Emoji'],
};

/**
 * Fontconfig's file for the root of the unpacked tree, which it names relatively: the tree is moved once it is tried.
 * https://www.freedesktop.org/software/fontconfig/fontconfig-user.html
 */
export const FONTS_CONF = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
  <dir prefix="relative">usr/share/fonts</dir>
  <cachedir prefix="xdg">fontconfig</cachedir>
${Object.entries(FAMILIES).map(alias).join('')}</fontconfig>
`;

function alias([family, better]: [string, readonly string[]]): string {
  const families = better.map((name) => `<family>${name}</family>`).join('');
  return `  <alias binding="same"><family>${family}</family><prefer>${families}</prefer></alias>\n`;
}
