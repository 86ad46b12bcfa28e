import type { DemoApplication } from './application.ts';
import { parseEvidence } from './evidence.ts';
import { loadWebsiteImage } from './images/website-image.ts';

const folders = 20;
const filesPerFolder = 50;

const shellInPod = ['exec', '--namespace=demo-website', '--stdin', 'deployment/website', '--', 'bash', '-eu'];

/** Random bytes, so that nothing but a backup can bring them back, under names with blanks and letters beyond ASCII. */
const fillScript = `
cd /srv/www
for number in $(seq --equal-width ${folders}); do
  mkdir "café $number"
  size=$((10#$number * 1500))
  head --bytes=$((size * ${filesPerFolder})) /dev/urandom |
    split --bytes=$size --numeric-suffixes=1 --additional-suffix=.html - "café $number/page "
done
du --summarize --bytes . | cut --fields=1
`;

const measureScript = `
export LC_ALL=C
cd /srv/www
echo "files=$(find . -type f | wc --lines)"
echo "bytes=$(($(find . -type f -printf '%s+')0))"
echo "sha256 of all contents=$(find . -type f -print0 | sort --zero-terminated | xargs --null sha256sum | sha256sum | cut --fields=1 --delimiter=' ')"
echo "sha256 of names and times=$(find . -type f -printf '%T@ %p\\n' | sort | sha256sum | cut --fields=1 --delimiter=' ')"
`;

const measures = ['files', 'bytes', 'sha256 of all contents', 'sha256 of names and times'];

/** nginx in a Deployment, with a claim of its own that holds many small files. */
export const websiteApplication: DemoApplication = {
  title: 'web site',
  namespace: 'demo-website',
  claimName: 'pages',
  manifest: 'website.yaml',
  workload: 'deployment/website',
  loadImage: loadWebsiteImage,
  fill: async (kubectl) => {
    const sizeBytes = Number(await kubectl(shellInPod, fillScript));
    const files = (folders * filesPerFolder).toLocaleString('en');
    return `${files} files of random content, ${Math.round(sizeBytes / 1e6)} MB`;
  },
  measure: async (kubectl) => parseEvidence(await kubectl(shellInPod, measureScript), measures),
};
